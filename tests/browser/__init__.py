"""The tests of pages in a browser; a package, so that its test_report.py is not that of the folder above."""
