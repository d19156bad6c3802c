"""Who works on which case, what was done with it, and what may be done next?"""
