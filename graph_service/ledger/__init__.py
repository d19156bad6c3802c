"""Who is owed what, by which entry?"""
