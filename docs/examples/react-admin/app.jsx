// An administration of airports and flights, as react-admin's tutorial makes one. index.html says where the service is.
import * as React from "react";
import { createRoot } from "react-dom/client";
import {
  Admin, AutocompleteInput, Button, Create, Datagrid, DateField, DateInput, DateTimeInput, Edit, Form, List, Login,
  NumberField, NumberInput, PasswordInput, ReferenceField, ReferenceInput, ReferenceManyField, Resource, Show,
  SimpleForm, SimpleShowLayout, TextField, TextInput, required, useLogin, useNotify,
} from "react-admin";
import { authProvider, dataProvider } from "./service.js";

const SignIn = () => {
  const login = useLogin();
  const notify = useNotify();
  const submit = ({ token }) => login({ token }).catch((error) => notify(error.message, { type: "error" }));
  return (
    <Login>
      <Form onSubmit={submit}>
        <div style={{ padding: "0 1em 1em", display: "grid" }}>
          <PasswordInput source="token" label="Token" validate={required()} autoComplete="off" />
          <Button type="submit" label="Sign in" variant="contained" size="medium" />
        </div>
      </Form>
    </Login>
  );
};

// A picker searches the far table as one types.
const airport = (
  <ReferenceInput source="origin" reference="Airport" key="origin">
    <AutocompleteInput optionText="name" label="Origin" filterToQuery={(text) => ({ "name@ilike": text })} />
  </ReferenceInput>
);
const filters = [<TextInput source="number@ilike" label="Number" alwaysOn key="number" />, airport];

const Flights = () => (
  <List filters={filters} sort={{ field: "number", order: "ASC" }}>
    <Datagrid rowClick="edit">
      <TextField source="number" />
      <ReferenceField source="origin" reference="Airport">
        <TextField source="name" />
      </ReferenceField>
      <DateField source="leaves" showTime timeZone="UTC" locales="en-GB" />
      <DateField source="day" />
      <NumberField source="price" options={{ style: "currency", currency: "EUR" }} />
    </Datagrid>
  </List>
);

const form = (
  <SimpleForm>
    <TextInput source="number" validate={required()} />
    {airport}
    <DateTimeInput source="leaves" />
    <TextInput source="boarding" type="datetime-local" slotProps={{ inputLabel: { shrink: true } }} />
    <DateInput source="day" />
    <DateInput source="until" parse={(day) => (day ? new Date(day) : null)} />
    <NumberInput source="price" />
  </SimpleForm>
);

const Airports = () => (
  <List sort={{ field: "name", order: "ASC" }}>
    <Datagrid rowClick="show">
      <TextField source="name" />
    </Datagrid>
  </List>
);

const Airport = () => (
  <Show>
    <SimpleShowLayout>
      <TextField source="name" />
      <ReferenceManyField reference="Flight" target="origin" label="Flights">
        <Datagrid bulkActionButtons={false}>
          <TextField source="number" />
        </Datagrid>
      </ReferenceManyField>
    </SimpleShowLayout>
  </Show>
);

const airportForm = (
  <SimpleForm>
    <TextInput source="name" validate={required()} />
  </SimpleForm>
);

createRoot(document.getElementById("root")).render(
  <Admin
    title="Flights"
    dataProvider={dataProvider}
    authProvider={authProvider}
    loginPage={SignIn}
    requireAuth
    disableTelemetry
  >
    <Resource
      name="Flight"
      list={Flights}
      edit={() => <Edit mutationMode="pessimistic">{form}</Edit>}
      create={() => <Create redirect="list">{form}</Create>}
      recordRepresentation="number"
    />
    <Resource
      name="Airport"
      list={Airports}
      show={Airport}
      edit={() => <Edit mutationMode="pessimistic">{airportForm}</Edit>}
      create={() => <Create redirect="list">{airportForm}</Create>}
      recordRepresentation="name"
    />
  </Admin>,
);
