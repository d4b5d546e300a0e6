"""The way in for records: receive (custody), verify, judge and post, receipt."""
