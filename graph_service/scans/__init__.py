"""Which search for fraud is under way, and what has been found so far?"""
