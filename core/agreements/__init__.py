"""What was agreed with customers: spans by class of work, and the clocks that follow from them."""
