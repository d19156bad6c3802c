"""How do analysts get a graph that nobody can write to?"""
