"""What is counted, exported and measured: by the desk's own tables, for people and for programs."""
