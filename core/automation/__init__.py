"""Rules (E2): when something happens to a ticket and conditions hold, something is done with it."""
