"""What of a member is to be forgotten?"""
