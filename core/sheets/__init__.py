"""Tables that people keep in a spreadsheet: CSV and XLSX files, read line by line. Pure."""
