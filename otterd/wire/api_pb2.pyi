from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LeaseType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NS: _ClassVar[LeaseType]
    UID: _ClassVar[LeaseType]
    TS: _ClassVar[LeaseType]
NS: LeaseType
UID: LeaseType
TS: LeaseType

class Request(_message.Message):
    __slots__ = ("start_ts", "query", "vars", "read_only", "best_effort", "mutations", "commit_now", "resp_format", "hash")
    class RespFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        JSON: _ClassVar[Request.RespFormat]
        RDF: _ClassVar[Request.RespFormat]
    JSON: Request.RespFormat
    RDF: Request.RespFormat
    class VarsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    START_TS_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    VARS_FIELD_NUMBER: _ClassVar[int]
    READ_ONLY_FIELD_NUMBER: _ClassVar[int]
    BEST_EFFORT_FIELD_NUMBER: _ClassVar[int]
    MUTATIONS_FIELD_NUMBER: _ClassVar[int]
    COMMIT_NOW_FIELD_NUMBER: _ClassVar[int]
    RESP_FORMAT_FIELD_NUMBER: _ClassVar[int]
    HASH_FIELD_NUMBER: _ClassVar[int]
    start_ts: int
    query: str
    vars: _containers.ScalarMap[str, str]
    read_only: bool
    best_effort: bool
    mutations: _containers.RepeatedCompositeFieldContainer[Mutation]
    commit_now: bool
    resp_format: Request.RespFormat
    hash: str
    def __init__(self, start_ts: _Optional[int] = ..., query: _Optional[str] = ..., vars: _Optional[_Mapping[str, str]] = ..., read_only: _Optional[bool] = ..., best_effort: _Optional[bool] = ..., mutations: _Optional[_Iterable[_Union[Mutation, _Mapping]]] = ..., commit_now: _Optional[bool] = ..., resp_format: _Optional[_Union[Request.RespFormat, str]] = ..., hash: _Optional[str] = ...) -> None: ...

class Mutation(_message.Message):
    __slots__ = ("set_json", "delete_json", "set_nquads", "del_nquads", "set", "cond", "commit_now")
    SET_JSON_FIELD_NUMBER: _ClassVar[int]
    DELETE_JSON_FIELD_NUMBER: _ClassVar[int]
    SET_NQUADS_FIELD_NUMBER: _ClassVar[int]
    DEL_NQUADS_FIELD_NUMBER: _ClassVar[int]
    SET_FIELD_NUMBER: _ClassVar[int]
    DEL_FIELD_NUMBER: _ClassVar[int]
    COND_FIELD_NUMBER: _ClassVar[int]
    COMMIT_NOW_FIELD_NUMBER: _ClassVar[int]
    set_json: bytes
    delete_json: bytes
    set_nquads: bytes
    del_nquads: bytes
    set: _containers.RepeatedCompositeFieldContainer[NQuad]
    cond: str
    commit_now: bool
    def __init__(self, set_json: _Optional[bytes] = ..., delete_json: _Optional[bytes] = ..., set_nquads: _Optional[bytes] = ..., del_nquads: _Optional[bytes] = ..., set: _Optional[_Iterable[_Union[NQuad, _Mapping]]] = ..., cond: _Optional[str] = ..., commit_now: _Optional[bool] = ..., **kwargs) -> None: ...

class Response(_message.Message):
    __slots__ = ("json", "txn", "latency", "metrics", "uids", "rdf", "hdrs")
    class UidsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class HdrsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: ListOfString
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[ListOfString, _Mapping]] = ...) -> None: ...
    JSON_FIELD_NUMBER: _ClassVar[int]
    TXN_FIELD_NUMBER: _ClassVar[int]
    LATENCY_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    UIDS_FIELD_NUMBER: _ClassVar[int]
    RDF_FIELD_NUMBER: _ClassVar[int]
    HDRS_FIELD_NUMBER: _ClassVar[int]
    json: bytes
    txn: TxnContext
    latency: Latency
    metrics: Metrics
    uids: _containers.ScalarMap[str, str]
    rdf: bytes
    hdrs: _containers.MessageMap[str, ListOfString]
    def __init__(self, json: _Optional[bytes] = ..., txn: _Optional[_Union[TxnContext, _Mapping]] = ..., latency: _Optional[_Union[Latency, _Mapping]] = ..., metrics: _Optional[_Union[Metrics, _Mapping]] = ..., uids: _Optional[_Mapping[str, str]] = ..., rdf: _Optional[bytes] = ..., hdrs: _Optional[_Mapping[str, ListOfString]] = ...) -> None: ...

class ListOfString(_message.Message):
    __slots__ = ("value",)
    VALUE_FIELD_NUMBER: _ClassVar[int]
    value: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, value: _Optional[_Iterable[str]] = ...) -> None: ...

class TxnContext(_message.Message):
    __slots__ = ("start_ts", "commit_ts", "aborted", "keys", "preds", "hash")
    START_TS_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TS_FIELD_NUMBER: _ClassVar[int]
    ABORTED_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    PREDS_FIELD_NUMBER: _ClassVar[int]
    HASH_FIELD_NUMBER: _ClassVar[int]
    start_ts: int
    commit_ts: int
    aborted: bool
    keys: _containers.RepeatedScalarFieldContainer[str]
    preds: _containers.RepeatedScalarFieldContainer[str]
    hash: str
    def __init__(self, start_ts: _Optional[int] = ..., commit_ts: _Optional[int] = ..., aborted: _Optional[bool] = ..., keys: _Optional[_Iterable[str]] = ..., preds: _Optional[_Iterable[str]] = ..., hash: _Optional[str] = ...) -> None: ...

class Latency(_message.Message):
    __slots__ = ("parsing_ns", "processing_ns", "encoding_ns", "assign_timestamp_ns", "total_ns")
    PARSING_NS_FIELD_NUMBER: _ClassVar[int]
    PROCESSING_NS_FIELD_NUMBER: _ClassVar[int]
    ENCODING_NS_FIELD_NUMBER: _ClassVar[int]
    ASSIGN_TIMESTAMP_NS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_NS_FIELD_NUMBER: _ClassVar[int]
    parsing_ns: int
    processing_ns: int
    encoding_ns: int
    assign_timestamp_ns: int
    total_ns: int
    def __init__(self, parsing_ns: _Optional[int] = ..., processing_ns: _Optional[int] = ..., encoding_ns: _Optional[int] = ..., assign_timestamp_ns: _Optional[int] = ..., total_ns: _Optional[int] = ...) -> None: ...

class Metrics(_message.Message):
    __slots__ = ("num_uids",)
    class NumUidsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    NUM_UIDS_FIELD_NUMBER: _ClassVar[int]
    num_uids: _containers.ScalarMap[str, int]
    def __init__(self, num_uids: _Optional[_Mapping[str, int]] = ...) -> None: ...

class Operation(_message.Message):
    __slots__ = ("schema", "drop_attr", "drop_all", "drop_op", "drop_value", "run_in_background")
    class DropOp(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        NONE: _ClassVar[Operation.DropOp]
        ALL: _ClassVar[Operation.DropOp]
        DATA: _ClassVar[Operation.DropOp]
        ATTR: _ClassVar[Operation.DropOp]
        TYPE: _ClassVar[Operation.DropOp]
    NONE: Operation.DropOp
    ALL: Operation.DropOp
    DATA: Operation.DropOp
    ATTR: Operation.DropOp
    TYPE: Operation.DropOp
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    DROP_ATTR_FIELD_NUMBER: _ClassVar[int]
    DROP_ALL_FIELD_NUMBER: _ClassVar[int]
    DROP_OP_FIELD_NUMBER: _ClassVar[int]
    DROP_VALUE_FIELD_NUMBER: _ClassVar[int]
    RUN_IN_BACKGROUND_FIELD_NUMBER: _ClassVar[int]
    schema: str
    drop_attr: str
    drop_all: bool
    drop_op: Operation.DropOp
    drop_value: str
    run_in_background: bool
    def __init__(self, schema: _Optional[str] = ..., drop_attr: _Optional[str] = ..., drop_all: _Optional[bool] = ..., drop_op: _Optional[_Union[Operation.DropOp, str]] = ..., drop_value: _Optional[str] = ..., run_in_background: _Optional[bool] = ...) -> None: ...

class Payload(_message.Message):
    __slots__ = ("Data",)
    DATA_FIELD_NUMBER: _ClassVar[int]
    Data: bytes
    def __init__(self, Data: _Optional[bytes] = ...) -> None: ...

class LoginRequest(_message.Message):
    __slots__ = ("userid", "password", "refresh_token", "namespace")
    USERID_FIELD_NUMBER: _ClassVar[int]
    PASSWORD_FIELD_NUMBER: _ClassVar[int]
    REFRESH_TOKEN_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    userid: str
    password: str
    refresh_token: str
    namespace: int
    def __init__(self, userid: _Optional[str] = ..., password: _Optional[str] = ..., refresh_token: _Optional[str] = ..., namespace: _Optional[int] = ...) -> None: ...

class Jwt(_message.Message):
    __slots__ = ("access_jwt", "refresh_jwt")
    ACCESS_JWT_FIELD_NUMBER: _ClassVar[int]
    REFRESH_JWT_FIELD_NUMBER: _ClassVar[int]
    access_jwt: str
    refresh_jwt: str
    def __init__(self, access_jwt: _Optional[str] = ..., refresh_jwt: _Optional[str] = ...) -> None: ...

class Check(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Version(_message.Message):
    __slots__ = ("tag",)
    TAG_FIELD_NUMBER: _ClassVar[int]
    tag: str
    def __init__(self, tag: _Optional[str] = ...) -> None: ...

class NQuad(_message.Message):
    __slots__ = ("subject", "predicate", "object_id", "object_value", "lang", "facets", "namespace")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    PREDICATE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    OBJECT_VALUE_FIELD_NUMBER: _ClassVar[int]
    LANG_FIELD_NUMBER: _ClassVar[int]
    FACETS_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    subject: str
    predicate: str
    object_id: str
    object_value: Value
    lang: str
    facets: _containers.RepeatedCompositeFieldContainer[Facet]
    namespace: int
    def __init__(self, subject: _Optional[str] = ..., predicate: _Optional[str] = ..., object_id: _Optional[str] = ..., object_value: _Optional[_Union[Value, _Mapping]] = ..., lang: _Optional[str] = ..., facets: _Optional[_Iterable[_Union[Facet, _Mapping]]] = ..., namespace: _Optional[int] = ...) -> None: ...

class Value(_message.Message):
    __slots__ = ("default_val", "bytes_val", "int_val", "bool_val", "str_val", "double_val", "geo_val", "date_val", "datetime_val", "password_val", "uid_val", "bigfloat_val", "vfloat32_val")
    DEFAULT_VAL_FIELD_NUMBER: _ClassVar[int]
    BYTES_VAL_FIELD_NUMBER: _ClassVar[int]
    INT_VAL_FIELD_NUMBER: _ClassVar[int]
    BOOL_VAL_FIELD_NUMBER: _ClassVar[int]
    STR_VAL_FIELD_NUMBER: _ClassVar[int]
    DOUBLE_VAL_FIELD_NUMBER: _ClassVar[int]
    GEO_VAL_FIELD_NUMBER: _ClassVar[int]
    DATE_VAL_FIELD_NUMBER: _ClassVar[int]
    DATETIME_VAL_FIELD_NUMBER: _ClassVar[int]
    PASSWORD_VAL_FIELD_NUMBER: _ClassVar[int]
    UID_VAL_FIELD_NUMBER: _ClassVar[int]
    BIGFLOAT_VAL_FIELD_NUMBER: _ClassVar[int]
    VFLOAT32_VAL_FIELD_NUMBER: _ClassVar[int]
    default_val: str
    bytes_val: bytes
    int_val: int
    bool_val: bool
    str_val: str
    double_val: float
    geo_val: bytes
    date_val: bytes
    datetime_val: bytes
    password_val: str
    uid_val: int
    bigfloat_val: bytes
    vfloat32_val: bytes
    def __init__(self, default_val: _Optional[str] = ..., bytes_val: _Optional[bytes] = ..., int_val: _Optional[int] = ..., bool_val: _Optional[bool] = ..., str_val: _Optional[str] = ..., double_val: _Optional[float] = ..., geo_val: _Optional[bytes] = ..., date_val: _Optional[bytes] = ..., datetime_val: _Optional[bytes] = ..., password_val: _Optional[str] = ..., uid_val: _Optional[int] = ..., bigfloat_val: _Optional[bytes] = ..., vfloat32_val: _Optional[bytes] = ...) -> None: ...

class Facet(_message.Message):
    __slots__ = ("key", "value", "val_type", "tokens", "alias")
    class ValType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STRING: _ClassVar[Facet.ValType]
        INT: _ClassVar[Facet.ValType]
        FLOAT: _ClassVar[Facet.ValType]
        BOOL: _ClassVar[Facet.ValType]
        DATETIME: _ClassVar[Facet.ValType]
    STRING: Facet.ValType
    INT: Facet.ValType
    FLOAT: Facet.ValType
    BOOL: Facet.ValType
    DATETIME: Facet.ValType
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    VAL_TYPE_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    key: str
    value: bytes
    val_type: Facet.ValType
    tokens: _containers.RepeatedScalarFieldContainer[str]
    alias: str
    def __init__(self, key: _Optional[str] = ..., value: _Optional[bytes] = ..., val_type: _Optional[_Union[Facet.ValType, str]] = ..., tokens: _Optional[_Iterable[str]] = ..., alias: _Optional[str] = ...) -> None: ...

class RunDQLRequest(_message.Message):
    __slots__ = ("dql_query", "vars", "read_only", "best_effort", "resp_format")
    class VarsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    DQL_QUERY_FIELD_NUMBER: _ClassVar[int]
    VARS_FIELD_NUMBER: _ClassVar[int]
    READ_ONLY_FIELD_NUMBER: _ClassVar[int]
    BEST_EFFORT_FIELD_NUMBER: _ClassVar[int]
    RESP_FORMAT_FIELD_NUMBER: _ClassVar[int]
    dql_query: str
    vars: _containers.ScalarMap[str, str]
    read_only: bool
    best_effort: bool
    resp_format: Request.RespFormat
    def __init__(self, dql_query: _Optional[str] = ..., vars: _Optional[_Mapping[str, str]] = ..., read_only: _Optional[bool] = ..., best_effort: _Optional[bool] = ..., resp_format: _Optional[_Union[Request.RespFormat, str]] = ...) -> None: ...

class AllocateIDsRequest(_message.Message):
    __slots__ = ("how_many", "lease_type")
    HOW_MANY_FIELD_NUMBER: _ClassVar[int]
    LEASE_TYPE_FIELD_NUMBER: _ClassVar[int]
    how_many: int
    lease_type: LeaseType
    def __init__(self, how_many: _Optional[int] = ..., lease_type: _Optional[_Union[LeaseType, str]] = ...) -> None: ...

class AllocateIDsResponse(_message.Message):
    __slots__ = ("start", "end")
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    start: int
    end: int
    def __init__(self, start: _Optional[int] = ..., end: _Optional[int] = ...) -> None: ...

class CreateNamespaceRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CreateNamespaceResponse(_message.Message):
    __slots__ = ("namespace",)
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    namespace: int
    def __init__(self, namespace: _Optional[int] = ...) -> None: ...

class DropNamespaceRequest(_message.Message):
    __slots__ = ("namespace",)
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    namespace: int
    def __init__(self, namespace: _Optional[int] = ...) -> None: ...

class DropNamespaceResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListNamespacesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Namespace(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: int
    def __init__(self, id: _Optional[int] = ...) -> None: ...

class ListNamespacesResponse(_message.Message):
    __slots__ = ("namespaces",)
    class NamespacesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: int
        value: Namespace
        def __init__(self, key: _Optional[int] = ..., value: _Optional[_Union[Namespace, _Mapping]] = ...) -> None: ...
    NAMESPACES_FIELD_NUMBER: _ClassVar[int]
    namespaces: _containers.MessageMap[int, Namespace]
    def __init__(self, namespaces: _Optional[_Mapping[int, Namespace]] = ...) -> None: ...
