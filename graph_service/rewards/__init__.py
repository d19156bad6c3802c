"""How much is owed, and why?"""
