"""What did this platform tell us?"""
