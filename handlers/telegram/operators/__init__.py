"""The operators' groups, and operators in their private chat."""
