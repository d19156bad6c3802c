"""How does an answer become a page that a person reads?"""
