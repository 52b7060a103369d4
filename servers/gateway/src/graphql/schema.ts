/** The part of Arweave's GraphQL schema that clients of ao use. Names and meanings are those of the public gateways. */
export const schema = /* GraphQL */ `
  type Query {
    transaction(id: ID!): Transaction
    transactions(
      ids: [ID!]
      owners: [String!]
      recipients: [String!]
      tags: [TagFilter!]
      bundledIn: [ID!]
      block: BlockFilter
      first: Int = 10
      after: String
      sort: SortOrder = HEIGHT_DESC
    ): TransactionConnection!
    block(id: String): Block
    blocks(
      ids: [ID!]
      height: BlockFilter
      first: Int = 10
      after: String
      sort: SortOrder = HEIGHT_DESC
    ): BlockConnection!
  }

  enum SortOrder {
    HEIGHT_ASC
    HEIGHT_DESC
    INGESTED_AT_ASC
    INGESTED_AT_DESC
  }

  enum TagOperator {
    EQ
    NEQ
  }

  "A transaction must have a tag of this name with one of the values (EQ), or none of them (NEQ)."
  input TagFilter {
    name: String!
    values: [String!]!
    op: TagOperator = EQ
  }

  "Heights, both inclusive."
  input BlockFilter {
    min: Int
    max: Int
  }

  type PageInfo {
    hasNextPage: Boolean!
  }

  type TransactionConnection {
    count: String!
    pageInfo: PageInfo!
    edges: [TransactionEdge!]!
  }

  type TransactionEdge {
    cursor: String!
    node: Transaction!
  }

  type Transaction {
    id: ID!
    "A transaction's last_tx, a data item's anchor; base64url."
    anchor: String!
    signature: String!
    recipient: String!
    owner: Owner!
    fee: Amount!
    quantity: Amount!
    data: MetaData!
    tags: [Tag!]!
    "Null until the next block is there."
    block: Block
    "The bundle a data item came in."
    parent: Parent
    bundledIn: Bundle
  }

  type Owner {
    address: String!
    "The public key in base64url."
    key: String!
  }

  type Amount {
    winston: String!
    ar: String!
  }

  type MetaData {
    "In bytes."
    size: String!
    type: String
  }

  type Tag {
    name: String!
    value: String!
  }

  type Parent {
    id: ID!
  }

  type Bundle {
    id: ID!
  }

  type Block {
    id: ID!
    "In seconds."
    timestamp: Int!
    height: Int!
    previous: ID!
  }

  type BlockConnection {
    pageInfo: PageInfo!
    edges: [BlockEdge!]!
  }

  type BlockEdge {
    cursor: String!
    node: Block!
  }
`;
