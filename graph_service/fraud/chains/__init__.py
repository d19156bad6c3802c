"""Along which chains of accounts does money come back to who paid it?"""
