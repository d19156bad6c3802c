"""What did the ledger book because of a case, and which attributions are otherwise since?"""
