"""Container images: where they come from, what is in them, and how they become a tree in the code store."""
