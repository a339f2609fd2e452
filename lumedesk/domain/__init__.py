"""The rules of the desk: records, money, errors and flows. No Qt, no network, no files."""
