"""What may a member see of their own?"""
