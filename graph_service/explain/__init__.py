"""How did the money of this order come about?"""
