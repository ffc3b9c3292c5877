"""What a language model suggests to operators (X17): absent where no server is configured."""
