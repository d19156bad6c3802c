"""How much of what a member has earned is free by now?"""
