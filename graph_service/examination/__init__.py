"""Would it be found in a mall that nobody here has seen?"""
