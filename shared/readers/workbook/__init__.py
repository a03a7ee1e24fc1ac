"""Excel workbooks (XLSX), read as a stream with limits on everything that could grow."""
