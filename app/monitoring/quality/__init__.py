"""Data checks, declared as data. A check flags, quarantines or blocks; it never drops a row and never fills a gap."""
