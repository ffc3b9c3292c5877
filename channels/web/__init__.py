"""Customers who read their answers on a page of the desk's own."""
