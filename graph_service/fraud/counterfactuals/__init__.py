"""Without which piece of its evidence would an alert fall below the threshold?"""
