"""Was the record of a case ever touched, or the case beside it?"""
