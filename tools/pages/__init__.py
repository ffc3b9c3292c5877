"""Pictures of every page that the desk serves: ``make screenshots`` writes them."""
