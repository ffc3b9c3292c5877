"""What comes in. Thin: parse, run one action, show the result."""
