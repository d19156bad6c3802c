"""How does a whole mall get into an empty store at once?"""
