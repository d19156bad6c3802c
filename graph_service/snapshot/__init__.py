"""What did the log say, as columns?"""
