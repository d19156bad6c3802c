"""What did a month come to, and who has risen or fallen by it?"""
