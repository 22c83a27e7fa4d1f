"""Reports speak: scorecards, agencies and the city as pages, tables and text. Nothing here measures or judges."""
