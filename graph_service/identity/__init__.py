"""Which accounts are one person?"""
