"""What only admins can do: setting up, inviting admins, linking chats, reports."""
