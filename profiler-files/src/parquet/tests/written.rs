//! Writes small Parquet files for tests, value by value and level by level; it checks nothing of them.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use parquet::{
    data_type::DataType,
    file::{
        properties::WriterProperties,
        writer::{SerializedFileWriter, SerializedRowGroupWriter},
    },
    schema::parser::parse_message_type,
};

/// A Parquet file of one test's own; gone with it.
pub(super) struct Written(pub(super) PathBuf);

impl Drop for Written {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// The values of a column, with their levels.
struct Leaf<T: DataType> {
    values: Vec<T::T>,
    definition: Option<Vec<i16>>,
    repetition: Option<Vec<i16>>,
}

/// Writes the next column of a row group.
pub(super) trait Writes {
    fn write(&self, group: &mut SerializedRowGroupWriter<'_, fs::File>);
}

impl<T: DataType> Writes for Leaf<T> {
    fn write(&self, group: &mut SerializedRowGroupWriter<'_, fs::File>) {
        let mut column = group.next_column().unwrap().expect("a column for these values");
        let (definition, repetition) = (self.definition.as_deref(), self.repetition.as_deref());
        column.typed::<T>().write_batch(&self.values, definition, repetition).unwrap();
        column.close().unwrap();
    }
}

/// A column that is required.
pub(super) fn plain<T: DataType>(values: impl IntoIterator<Item = T::T>) -> Box<dyn Writes> {
    let values = values.into_iter().collect();
    Box::new(Leaf::<T> { values, definition: None, repetition: None })
}

/// A column whose values stand at these levels.
pub(super) fn leveled<T: DataType>(
    values: impl IntoIterator<Item = T::T>,
    definition: &[i16],
    repetition: Option<&[i16]>,
) -> Box<dyn Writes> {
    Box::new(Leaf::<T> {
        values: values.into_iter().collect(),
        definition: Some(definition.into()),
        repetition: repetition.map(<[i16]>::to_vec),
    })
}

/// Writes a file of one row group.
pub(super) fn written(
    schema: &str,
    columns: &[Box<dyn Writes>],
    properties: WriterProperties,
) -> Written {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("driftline-odd-{}-{number}.parquet", std::process::id());
    let written = Written(std::env::temp_dir().join(name));
    let schema = Arc::new(parse_message_type(&format!("message m {{ {schema} }}")).unwrap());
    let file = fs::File::create(&written.0).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema, Arc::new(properties)).unwrap();
    let mut group = writer.next_row_group().unwrap();
    columns.iter().for_each(|column| column.write(&mut group));
    group.close().unwrap();
    writer.close().unwrap();
    written
}
