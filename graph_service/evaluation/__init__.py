"""How good is what finds fraud?"""
