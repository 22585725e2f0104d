//! Pages of a table whose rows have a name, an organisation and times.

use rusqlite::{Connection, Row, params};

use super::StoreError;

/// Which page of which rows, in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Only those of this organisation; rows without one belong to every organisation.
    pub organization: Option<String>,
    /// Only those whose name holds this text, whatever its case.
    pub name: Option<String>,
    /// What decides the order.
    pub sort: Sort,
    /// The other way round.
    pub descending: bool,
    /// Rows to pass over.
    pub offset: u64,
    /// Rows to return at most.
    pub limit: u64,
}

/// What a list is sorted by; ties are in the order of creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Sort {
    Name,
    Created,
    Updated,
}

impl Default for Listing {
    /// Everything, in the order of creation.
    fn default() -> Self {
        let (sort, limit) = (Sort::Created, u64::from(u32::MAX));
        Self { organization: None, name: None, sort, descending: false, offset: 0, limit }
    }
}

impl Listing {
    /// The page, and how many rows pass in all. `table` and `select` are constants of this crate.
    pub(super) fn select<T>(
        &self,
        connection: &Connection,
        table: &str,
        select: &str,
        read: impl Fn(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<(Vec<T>, u64), StoreError> {
        const PASSES: &str = "(?1 IS NULL OR organization_id IS NULL OR organization_id = ?1)
             AND (?2 IS NULL OR instr(lower(name), lower(?2)) > 0)";
        let column = match self.sort {
            Sort::Name => "name COLLATE NOCASE",
            Sort::Created => "created_ms",
            Sort::Updated => "updated_ms",
        };
        let way = if self.descending { "DESC" } else { "ASC" };
        let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let total: i64 = connection
            .prepare_cached(&format!("SELECT count(*) FROM {table} WHERE {PASSES}"))?
            .query_row(params![self.organization, self.name], |row| row.get(0))?;
        let sql = format!("{select} WHERE {PASSES} ORDER BY {column} {way}, seq {way} LIMIT ?3 OFFSET ?4");
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows =
            statement.query(params![self.organization, self.name, whole(self.limit), whole(self.offset)])?;
        let mut page = Vec::new();
        while let Some(row) = rows.next()? {
            page.push(read(row)?);
        }
        Ok((page, total.unsigned_abs()))
    }
}
