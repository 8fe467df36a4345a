-- The descriptions of columns name no API.
COMMENT ON COLUMN etl.watermark.method IS 'Method of the API, as endpoint.method.';
COMMENT ON COLUMN etl.watermark.document IS 'Document: its key columns and their values, such as {"id": 7}.';
COMMENT ON COLUMN etl.quarantine.method IS 'Method of the API, as endpoint.method.';
COMMENT ON COLUMN etl.quarantine.document IS 'Document: its key columns and their values, such as {"id": 7}.';
COMMENT ON COLUMN etl.unreadable.method IS 'Method of the API, as endpoint.method.';
COMMENT ON COLUMN etl.unreadable.document IS 'Document: its key columns and their values, such as {"id": 7}.';
COMMENT ON COLUMN etl.failure.method IS 'Method of the API, as endpoint.method.';
COMMENT ON COLUMN etl.drift.method IS 'Method of the API, as endpoint.method.';
COMMENT ON COLUMN etl.drift.document IS 'Example: key columns and values of the document, such as {"id": 7}.';
