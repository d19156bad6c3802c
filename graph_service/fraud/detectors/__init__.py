"""Which pattern is it, and what speaks for it?"""
