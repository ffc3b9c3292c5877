"""What admins steer and ask for."""
