"""The reader's side: the page and the command line."""
