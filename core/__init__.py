"""What the desk is: tickets, people, clocks, deliveries. Knows no medium and no sentence of any language."""
