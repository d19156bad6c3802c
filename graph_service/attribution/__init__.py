"""Which touches caused this order?"""
