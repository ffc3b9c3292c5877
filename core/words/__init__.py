"""Words as people write and read them: times, thanks, numbers and names."""
