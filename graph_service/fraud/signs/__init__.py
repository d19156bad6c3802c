"""What do detectors weigh: who earns from whom, who shares what, which amounts are alike?"""
