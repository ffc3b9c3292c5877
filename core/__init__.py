"""What the desk is: tickets, people, clocks, deliveries; no medium, no sentence of a language."""
