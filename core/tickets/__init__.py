"""What people do with tickets."""
