"""Which spellings are one value, and under which peppers is it hidden?"""
