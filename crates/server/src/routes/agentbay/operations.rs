//! Actions that the vendor's Python packages 0.13.0 and 0.22.3 call and this server does not perform. Together with
//! those of the dispatch in this folder they are all of them.

/// Their names.
pub(super) const UNPERFORMED: &[&str] = &[
    "BindContextSkillAsync",
    "BindContexts",
    "ClearContext",
    "CreateNetwork",
    "DeleteContext",
    "DeleteContextFile",
    "DescribeContextFiles",
    "DescribeNetwork",
    "DescribeSessionContexts",
    "GetAdbLink",
    "GetAndLoadInternalContext",
    "GetContextFileDownloadUrl",
    "GetContextFileUploadUrl",
    "GetSkillMetaData",
    "ListSkillMetaData",
    "UnbindContextSkillAsync",
];
